resource "PROVIDER_storage_volume" "volume" {
  name        = "ct-vol"
  pool        = "ct-pool"
  description = "Turn ${var.turn}"
  config      = { "user.turn" = tostring(var.turn) }
}

resource "PROVIDER_instance" "user" {
  name     = "ct3"
  image    = "ct-bb"
  profiles = ["ct"]
  running  = true
  device {
    name = "data"
    type = "disk"
    properties = {
      path   = "/mnt/data"
      pool   = "ct-pool"
      source = PROVIDER_storage_volume.volume.name
    }
  }
}
