resource "PROVIDER_network_acl" "acl" {
  name        = "ct-acl"
  description = "Turn ${var.turn}"
  ingress = [{
    action           = "allow"
    protocol         = "tcp"
    destination_port = var.turn == 1 ? "80" : "443"
    state            = "enabled"
  }]
}
