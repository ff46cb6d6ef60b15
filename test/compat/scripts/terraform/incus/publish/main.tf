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

resource "incus_image" "published" {
  alias {
    name = "ct-pub"
  }
  source_instance = {
    name = "ct2"
  }
}
