resource "PROVIDER_storage_pool" "pool" {
  name        = "ct-pool"
  driver      = "dir"
  description = var.turn == 1 ? "" : "Second"
}

resource "PROVIDER_profile" "profile" {
  name        = "ct"
  description = "Turn ${var.turn}"
  config = {
    "raw.lxc"       = "lxc.signal.halt=SIGUSR1"
    "limits.memory" = var.turn == 1 ? "128MiB" : "256MiB"
  }
  device {
    name = "root"
    type = "disk"
    properties = {
      path = "/"
      pool = PROVIDER_storage_pool.pool.name
    }
  }
}

resource "PROVIDER_network" "network" {
  name = "ctbr0"
  config = {
    "ipv4.address" = "10.155.5.1/24"
    "ipv4.nat"     = var.turn == 1 ? "true" : "false"
    "ipv6.address" = "none"
  }
}

resource "PROVIDER_project" "project" {
  name        = "ct-lab"
  description = "Turn ${var.turn}"
  config = {
    "features.images"   = "false"
    "features.profiles" = "false"
  }
}

resource "PROVIDER_profile" "inner" {
  name    = "ct-inner"
  project = PROVIDER_project.own.name
  config  = { "user.turn" = tostring(var.turn) }
}

resource "PROVIDER_project" "own" {
  name = "ct-own"
  config = {
    "features.storage.volumes" = "false"
    "features.images"          = "false"
    "features.profiles"        = "true"
  }
}
