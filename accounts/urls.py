from django.contrib.auth import views as auth_views
from django.urls import path

from accounts.doors import outside
from accounts.languages import set_language
from accounts.views import invitations, pages, second_factor, signing_in

urlpatterns = [
    path("", pages.start, name="home"),
    path("home/", pages.home, name="own_home"),
    path("profile/", pages.profile, name="profile"),
    path("profile/password/", pages.PasswordChangeView.as_view(), name="password_change"),
    path("language/", set_language, name="set_language"),
    path("organizations/", pages.organizations, name="organizations"),
    path("login/", signing_in.LoginView.as_view(), name="login"),
    path("login/code/", signing_in.login_code, name="login_code"),
    path("logout/", outside(signing_in.LogoutView.as_view()), name="logout"),
    path("password-reset/", signing_in.PasswordResetView.as_view(), name="password_reset"),
    path("password-reset/sent/", auth_views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password-reset/done/", auth_views.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("password-reset/<str:uidb64>/<str:token>/", signing_in.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("two-factor/", second_factor.two_factor, name="two_factor"),
    path("two-factor/enrol/", second_factor.enrol, name="two_factor_enrol"),
    path("two-factor/codes/", second_factor.renew_codes, name="two_factor_codes"),
    path("two-factor/remove/", second_factor.remove, name="two_factor_remove"),
    path("invitations/opened/", invitations.invitation_opened, name="invitation_opened"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
]
