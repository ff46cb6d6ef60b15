resource "lxd_storage_volume_copy" "copied" {
  name        = "ct-cpy"
  pool        = "ct-pool"
  source_pool = "ct-pool"
  source_name = lxd_storage_volume.source.name
}

resource "lxd_instance" "user" {
  name     = "ct5"
  image    = "ct-bb"
  profiles = ["ct"]
  running  = false
}

resource "lxd_instance_device" "data" {
  instance_name = lxd_instance.user.name
  name          = "data"
  type          = "disk"
  properties = {
    path   = "/mnt/turn${var.turn}"
    pool   = "ct-pool"
    source = lxd_storage_volume.source.name
  }
}
