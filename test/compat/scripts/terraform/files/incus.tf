resource "incus_instance" "box" {
  name     = "ct4"
  image    = "ct-bb"
  profiles = ["ct"]
  running  = true
  exec = {
    "first" = {
      command = ["sh", "-c", "cat /root/told"]
    }
  }
  file {
    content     = "turn ${var.turn}\n"
    target_path = "/root/told"
    mode        = "0640"
  }
}
