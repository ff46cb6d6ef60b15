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
