# One after the other by -target: each is refused.
resource "PROVIDER_instance" "imageless" {
  name     = "ct8"
  image    = "ct-nosuch"
  profiles = ["ct"]
}

resource "PROVIDER_instance" "second" {
  name     = "ct2"
  image    = "ct-bb"
  profiles = ["ct"]
}

resource "PROVIDER_profile" "second" {
  name = "ct"
}

resource "PROVIDER_project" "second" {
  name = "ct-lab"
}

resource "PROVIDER_network" "second" {
  name = "ctbr0"
}

resource "PROVIDER_storage_pool" "second" {
  name   = "ct-pool"
  driver = "dir"
}
