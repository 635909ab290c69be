# Okta's side of a company in Curfew, for the provider okta/okta. It is not run here: it needs an Okta org and a network.
# Part 4 of the workshop (4-configuration.md) says how it is used. No secret stands here: the private key of the service
# app is read from OKTA_API_PRIVATE_KEY, and the client secret that Okta makes is in Terraform's state, which must
# therefore be kept as a secret is.

terraform {
  required_version = ">= 1.5"

  required_providers {
    okta = {
      source  = "okta/okta"
      version = "~> 4.8"
    }
  }
}

variable "org_name" {
  description = "What comes before the domain in your Okta org's address, as dev-123456."
  type        = string
}

variable "base_url" {
  description = "That domain."
  type        = string
  default     = "okta.com"
}

variable "client_id" {
  description = "The API Services app that Terraform works as."
  type        = string
}

variable "api_url" {
  description = "CURFEW_API_URL, without a slash at its end."
  type        = string
}

variable "public_url" {
  description = "CURFEW_PUBLIC_URL, without a slash at its end."
  type        = string
}

variable "company" {
  description = "The company's slug in Curfew."
  type        = string
  default     = "garden.example"
}

provider "okta" {
  org_name  = var.org_name
  base_url  = var.base_url
  client_id = var.client_id
  scopes    = ["okta.apps.manage", "okta.groups.manage", "okta.users.manage"]
}

# The app that signs people in: what `seed apply` prints as "to be registered there".
resource "okta_app_oauth" "curfew" {
  label                      = "Curfew"
  type                       = "web"
  grant_types                = ["authorization_code"]
  response_types             = ["code"]
  redirect_uris              = ["${var.api_url}/openid/callback/${var.company}"]
  post_logout_redirect_uris  = ["${var.public_url}/signed-out"]
  token_endpoint_auth_method = "client_secret_basic"
  pkce_required              = true
}

resource "okta_group" "garden" {
  name        = "Garden"
  description = "Who may use Curfew."
}

resource "okta_app_group_assignment" "garden" {
  app_id   = okta_app_oauth.curfew.id
  group_id = okta_group.garden.id
}

resource "okta_user" "bird" {
  first_name = "Selasphorus"
  last_name  = "rufous"
  login      = "selasphorus.rufous@${var.company}"
  email      = "selasphorus.rufous@${var.company}"
}

resource "okta_group_memberships" "garden" {
  group_id = okta_group.garden.id
  users    = [okta_user.bird.id]
}

output "issuer" {
  description = "For `issuer` in [[org.sso]]."
  value       = "https://${var.org_name}.${var.base_url}"
}

output "client_id" {
  description = "For `client_id` in [[org.sso]]."
  value       = okta_app_oauth.curfew.client_id
}

output "client_secret" {
  description = "For the variable that `client_secret_env` names."
  value       = okta_app_oauth.curfew.client_secret
  sensitive   = true
}
