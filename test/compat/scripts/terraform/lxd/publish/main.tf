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

resource "lxd_image" "published" {
  aliases = ["ct-pub"]
  source_instance = {
    name = "ct2"
  }
}
