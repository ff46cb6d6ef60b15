resource "PROVIDER_storage_volume" "source" {
  name   = "ct-src"
  pool   = "ct-pool"
  config = { "size" = var.turn == 1 ? "20MiB" : "30MiB" }
}

resource "PROVIDER_storage_volume" "block" {
  name         = "ct-blk"
  pool         = "ct-pool"
  content_type = "block"
  config       = { "size" = var.turn == 1 ? "8MiB" : "16MiB" }
}
