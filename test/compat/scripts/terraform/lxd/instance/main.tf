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

resource "lxd_instance" "web" {
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

resource "lxd_instance" "still" {
  name        = "ct2"
  image       = "ct-bb"
  profiles    = ["ct"]
  running     = false
  description = "Turn ${var.turn}"
}

resource "lxd_instance_snapshot" "snapshot" {
  instance = lxd_instance.web.name
  name     = "s${var.turn}"
}

resource "lxd_instance_device" "null" {
  instance_name = lxd_instance.web.name
  name          = "null"
  type          = "none"
  properties    = {}
}
