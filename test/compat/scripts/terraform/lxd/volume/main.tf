terraform {
  required_providers {
    lxd = { source = "terraform-lxd/lxd" }
  }
}

provider "lxd" {
  remote {
    name    = "local"
    address = "unix://${var.socket}"
  }
  default_remote = "local"
}

variable "socket" {}

# What is applied second differs from what is applied first.
variable "turn" { default = 1 }

resource "lxd_storage_volume" "volume" {
  name        = "ct-vol"
  pool        = "ct-pool"
  description = "Turn ${var.turn}"
  config      = { "user.turn" = tostring(var.turn) }
}

resource "lxd_instance" "user" {
  name     = "ct3"
  image    = "ct-bb"
  profiles = ["ct"]
  running  = true
  device {
    name = "data"
    type = "disk"
    properties = {
      path   = "/mnt/data"
      pool   = "ct-pool"
      source = lxd_storage_volume.volume.name
    }
  }
}
