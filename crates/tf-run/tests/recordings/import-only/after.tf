import {
  to = terraform_data.a
  id = "imported"
}
resource "terraform_data" "a" {}
