resource "incus_certificate" "client" {
  name        = "ct-client"
  certificate = file("${path.module}/../client1.crt")
  type        = "client"
}
