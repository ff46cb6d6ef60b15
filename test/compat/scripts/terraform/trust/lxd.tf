resource "lxd_trust_token" "token" {
  name     = "ct-token${var.turn}"
  projects = var.turn == 1 ? ["ct-lab"] : []
}

resource "lxd_trust_certificate" "guest" {
  name     = "ct-guest${var.turn}"
  content  = file("${path.module}/../client2.crt")
  projects = var.turn == 1 ? [] : ["ct-lab"]
}
