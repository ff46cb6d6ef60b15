variable "socket" {}

# What is applied second differs from what is applied first.
variable "turn" { default = 1 }
