resource "lxd_image" "published" {
  aliases = ["ct-pub"]
  source_instance = {
    name = "ct2"
  }
}
