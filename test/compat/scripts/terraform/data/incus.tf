data "incus_cluster" "none" {}

data "incus_image" "image" {
  name = "ct-bb"
}
