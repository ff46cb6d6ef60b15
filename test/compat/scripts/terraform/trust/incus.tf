resource "incus_server" "server" {
  config = {
    "user.turn"             = tostring(var.turn)
    "core.shutdown_timeout" = var.turn == 1 ? "6" : null
  }
}

resource "incus_certificate" "guest" {
  name        = "ct-guest${var.turn}"
  restricted  = true
  projects    = ["ct-lab"]
  certificate = file("${path.module}/../client2.crt")
}

data "incus_certificate" "guest" {
  fingerprint = incus_certificate.guest.fingerprint
}
