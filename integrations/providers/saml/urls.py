from django.urls import path

from integrations.providers.saml import views

urlpatterns = [
    path("sso/", views.find, name="sso"),
    path("sso/<uuid:uuid>/metadata/", views.metadata, name="saml-metadata"),
    path("sso/<uuid:uuid>/login/", views.login, name="saml-login"),
    path("sso/<uuid:uuid>/acs/", views.acs, name="saml-acs"),
    path("sso/<uuid:uuid>/sls/", views.sls, name="saml-sls"),
    path("sso/<uuid:uuid>/test/", views.test, name="saml-test"),
    path("sso/<slug:slug>/", views.organization, name="sso-organization"),
]
