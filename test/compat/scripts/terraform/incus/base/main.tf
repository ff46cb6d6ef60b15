terraform {
  required_providers {
    incus = { source = "lxc/incus" }
  }
}

# It finds the server by INCUS_SOCKET.
provider "incus" {}

variable "socket" {}

# What is applied second differs from what is applied first.
variable "turn" { default = 1 }

resource "incus_storage_pool" "pool" {
  name        = "ct-pool"
  driver      = "dir"
  description = var.turn == 1 ? "" : "Second"
}

resource "incus_profile" "profile" {
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
      pool = incus_storage_pool.pool.name
    }
  }
}

resource "incus_network" "network" {
  name = "ctbr0"
  config = {
    "ipv4.address" = "10.155.5.1/24"
    "ipv4.nat"     = var.turn == 1 ? "true" : "false"
    "ipv6.address" = "none"
  }
}

resource "incus_project" "project" {
  name        = "ct-lab"
  description = "Turn ${var.turn}"
  config = {
    "features.images"   = "false"
    "features.profiles" = "false"
  }
}

resource "incus_profile" "inner" {
  name    = "ct-inner"
  project = incus_project.own.name
  config  = { "user.turn" = tostring(var.turn) }
}

resource "incus_project" "own" {
  name = "ct-own"
  config = {
    "features.storage.volumes" = "false"
    "features.images"          = "false"
    "features.profiles"        = "true"
  }
}

resource "incus_certificate" "client" {
  name        = "ct-client"
  certificate = file("${path.module}/../client1.crt")
  type        = "client"
}
