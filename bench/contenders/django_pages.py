"""The pages of the Django contender; importable only once Django is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.shortcuts import render
from django.urls import path

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def public(request: HttpRequest) -> HttpResponse:
    """Anyone's page."""
    return render(request, "public.html")


@login_required  # type: ignore[untyped-decorator]
def private(request: HttpRequest) -> HttpResponse:
    """The page of somebody known."""
    return render(request, "private.html", {"name": request.user.get_username()})


urlpatterns = [
    path("public", public),
    path("private", private),
    path("login/", LoginView.as_view(template_name="login.html")),
]
