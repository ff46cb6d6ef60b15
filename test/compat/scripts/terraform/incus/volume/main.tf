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

resource "incus_storage_volume" "volume" {
  name        = "ct-vol"
  pool        = "ct-pool"
  description = "Turn ${var.turn}"
  config      = { "user.turn" = tostring(var.turn) }
}

resource "incus_instance" "user" {
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
      source = incus_storage_volume.volume.name
    }
  }
}
