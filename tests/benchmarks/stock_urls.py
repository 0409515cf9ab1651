"""The addresses of stock social-auth, beside which ours is measured, and ours."""

from django.urls import include, path

urlpatterns = [path("stock/", include("social_django.urls", namespace="social")), path("", include("config.urls"))]
