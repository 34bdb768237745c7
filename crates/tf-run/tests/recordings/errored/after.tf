resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition     = terraform_data.b.output == 1
      error_message = "Never."
    }
  }
}

resource "terraform_data" "b" {}
