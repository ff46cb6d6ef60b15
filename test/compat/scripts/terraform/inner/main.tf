resource "PROVIDER_instance" "inner" {
  name      = "ct6"
  project   = "ct-lab"
  image     = "ct-bb"
  profiles  = ["ct"]
  ephemeral = true
  device {
    name = "eth0"
    type = "nic"
    properties = {
      nictype        = "bridged"
      parent         = "ctbr0"
      hwaddr         = "00:16:3e:39:7f:36"
      "ipv4.address" = "10.155.5.20"
    }
  }
  wait_for {
    type  = "delay"
    delay = "100ms"
  }
}

resource "PROVIDER_instance" "empty" {
  name    = "ct7"
  project = "ct-lab"
  running = false
  device {
    name = "root"
    type = "disk"
    properties = {
      path = "/"
      pool = "ct-pool"
      size = "${var.turn * 16}MiB"
    }
  }
}

resource "PROVIDER_instance_snapshot" "inner" {
  instance = PROVIDER_instance.empty.name
  project  = "ct-lab"
  name     = "s1"
}
