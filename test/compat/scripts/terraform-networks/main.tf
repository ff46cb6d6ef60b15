variable "turn" {
  type = number
}

resource "PROVIDER_network_zone" "names" {
  name        = "ct.example"
  description = "Turn ${var.turn}"
  config      = { "dns.nameservers" = "ns${var.turn}.ct.example" }
}

resource "PROVIDER_network_zone_record" "www" {
  name = "www"
  zone = PROVIDER_network_zone.names.name
  entry {
    type  = "A"
    value = "192.0.2.${var.turn}"
  }
  entry {
    type  = "TXT"
    ttl   = 60
    value = "\"turn ${var.turn}\""
  }
}

resource "PROVIDER_network_acl" "judge" {
  name = "ct-judge"
  ingress = [{
    action           = "allow"
    state            = var.turn == 1 ? "enabled" : "logged"
    protocol         = "tcp"
    destination_port = "80"
  }]
}

resource "PROVIDER_network" "lan" {
  name = "ctlan"
  config = {
    "ipv4.address"     = "10.155.9.1/24"
    "ipv4.nat"         = var.turn == 1 ? "true" : "false"
    "ipv6.address"     = "none"
    "dns.zone.forward" = PROVIDER_network_zone.names.name
    "security.acls"    = PROVIDER_network_acl.judge.name
  }
}

resource "PROVIDER_network_forward" "door" {
  network        = PROVIDER_network.lan.name
  listen_address = "192.0.2.77"
  description    = "Turn ${var.turn}"
  config         = { target_address = "10.155.9.1${var.turn}" }
  ports = [{
    description    = "web"
    protocol       = "tcp"
    listen_port    = var.turn == 1 ? "80" : "80,8000-8009"
    target_port    = var.turn == 1 ? "80" : "80,8000-8009"
    target_address = "10.155.9.20"
  }]
}
