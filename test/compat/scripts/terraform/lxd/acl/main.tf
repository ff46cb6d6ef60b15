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

resource "lxd_network_acl" "acl" {
  name        = "ct-acl"
  description = "Turn ${var.turn}"
  ingress = [{
    action           = "allow"
    protocol         = "tcp"
    destination_port = var.turn == 1 ? "80" : "443"
    state            = "enabled"
  }]
}
