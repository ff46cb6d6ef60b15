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

resource "incus_network_acl" "acl" {
  name        = "ct-acl"
  description = "Turn ${var.turn}"
  ingress = [{
    action           = "allow"
    protocol         = "tcp"
    destination_port = var.turn == 1 ? "80" : "443"
    state            = "enabled"
  }]
}
