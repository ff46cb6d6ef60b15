terraform {
  required_providers {
    incus = { source = "lxc/incus" }
  }
}

# It finds the server by INCUS_SOCKET.
provider "incus" {}
