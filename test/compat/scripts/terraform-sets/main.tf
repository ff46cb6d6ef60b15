variable "turn" {
  type = number
}

resource "incus_network_address_set" "friends" {
  name        = "ct-friends"
  description = "Turn ${var.turn}"
  addresses   = var.turn == 1 ? ["192.0.2.2", "10.0.0.0/8"] : ["192.0.2.3", "2001:db8::/64"]
  config      = { "user.team" = "a" }
}

resource "incus_network_acl" "judge" {
  name = "ct-judge"
  egress = [{
    action      = "allow"
    state       = "enabled"
    destination = join("", ["$", incus_network_address_set.friends.name])
  }]
}

resource "incus_network" "lan" {
  name = "ctlan"
  config = {
    "ipv4.address"  = "10.155.7.1/24"
    "ipv6.address"  = "none"
    "security.acls" = incus_network_acl.judge.name
  }
}

resource "incus_profile" "judged" {
  name = "ct-judged"
  device {
    name = "eth0"
    type = "nic"
    properties = {
      network                                = incus_network.lan.name
      "security.acls"                        = incus_network_acl.judge.name
      "security.acls.default.ingress.action" = var.turn == 1 ? "drop" : "allow"
    }
  }
}
