resource "lxd_trust_certificate" "client" {
  name = "ct-client"
  path = "${path.module}/../client1.crt"
  type = "client"
}
