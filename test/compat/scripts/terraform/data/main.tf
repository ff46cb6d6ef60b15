data "PROVIDER_profile" "profile" {
  name = "ct"
}

data "PROVIDER_project" "project" {
  name = "ct-lab"
}

data "PROVIDER_network" "network" {
  name = "ctbr0"
}

data "PROVIDER_storage_pool" "pool" {
  name = "ct-pool"
}

data "PROVIDER_instance" "still" {
  name = "ct2"
}
