resource "lxd_instance_device" "null" {
  instance_name = lxd_instance.web.name
  name          = "null"
  type          = "none"
  properties    = {}
}
