resource "lxd_instance" "box" {
  name     = "ct4"
  image    = "ct-bb"
  profiles = ["ct"]
  running  = true
  execs = {
    "first" = {
      command       = ["sh", "-c", "cat /root/told; echo done"]
      record_output = true
      trigger       = "on_change"
    }
  }
  file {
    content     = "turn ${var.turn}\n"
    target_path = "/root/told"
    mode        = "0640"
  }
}

resource "lxd_instance_file" "more" {
  instance           = lxd_instance.box.name
  content            = "more"
  target_path        = "/root/made/more"
  create_directories = true
  uid                = 33
  gid                = 34
  mode               = "0604"
}
