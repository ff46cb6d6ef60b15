resource "PROVIDER_instance" "web" {
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

resource "PROVIDER_instance" "still" {
  name        = "ct2"
  image       = "ct-bb"
  profiles    = ["ct"]
  running     = false
  description = "Turn ${var.turn}"
}

resource "PROVIDER_instance_snapshot" "snapshot" {
  instance = PROVIDER_instance.web.name
  name     = "s${var.turn}"
}
