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

resource "incus_instance" "web" {
  name      = "ct1"
  image     = "ct-bb"
  profiles  = ["ct"]
  running   = true
  ephemeral = false
  config = {
    "user.turn" = tostring(var.turn)
  }
  device {
    name = "share"
    type = "disk"
    properties = {
      source   = "/usr/share"
      path     = "/mnt/share"
      readonly = var.turn == 1 ? "true" : "false"
    }
  }
}

resource "incus_instance" "still" {
  name        = "ct2"
  image       = "ct-bb"
  profiles    = ["ct"]
  running     = false
  description = "Turn ${var.turn}"
}

resource "incus_instance_snapshot" "snapshot" {
  instance = incus_instance.web.name
  name     = "s${var.turn}"
}
