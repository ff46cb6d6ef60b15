resource "incus_image" "published" {
  alias {
    name = "ct-pub"
  }
  source_instance = {
    name = "ct2"
  }
}
