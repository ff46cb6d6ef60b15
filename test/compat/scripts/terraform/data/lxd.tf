data "lxd_image" "image" {
  image = "ct-bb"
}
