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

resource "incus_instance" "box" {
  name     = "ct4"
  image    = "ct-bb"
  profiles = ["ct"]
  running  = true
  exec = {
    "first" = {
      command = ["sh", "-c", "cat /root/told"]
    }
  }
  file {
    content     = "turn ${var.turn}\n"
    target_path = "/root/told"
    mode        = "0640"
  }
}
