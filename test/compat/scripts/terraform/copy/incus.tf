resource "incus_storage_volume" "copied" {
  name = "ct-cpy"
  pool = "ct-pool"
  source_volume = {
    pool = "ct-pool"
    name = incus_storage_volume.source.name
  }
}
