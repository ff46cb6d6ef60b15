resource "PROVIDER_instance" "halted" {
  name      = "ct8"
  image     = "ct-bb"
  profiles  = ["ct"]
  ephemeral = true
  running   = false
}
