"""Every setting of an installation. Each knob is an environment variable; the defaults are safe."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.contrib.messages import constants as message_levels

from config import logging as log_config

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))  # the environment itself wins

# The installation -----------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_public.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# Where things are -----------------------------------------------------------------------------------------------------

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
PROVIDERS_DIR = BASE_DIR / "integrations" / "providers"
PROVIDER_APPS = sorted(f"integrations.providers.{path.parent.name}" for path in PROVIDERS_DIR.glob("*/apps.py"))

INSTALLED_APPS = [
    "config.admin.PatchbayAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",  # so that templates/django/forms/ wins
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "polymorphic",
    "auditlog",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "social_django",
    "accounts",
    "integrations.records",
    "integrations",
    *PROVIDER_APPS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.OrganizationMiddleware",
    "accounts.addresses.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.organization",
            ],
        },
    }
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
MESSAGE_TAGS = {message_levels.SUCCESS: "ok", message_levels.WARNING: "warn", message_levels.ERROR: "bad"}
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # nothing has to be collected
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "media"))  # served only through a permission check

# Database -------------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'patchbay.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=env.int("SQLITE_TIMEOUT", default=20),
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    )
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Signing in -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.MembershipBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_RESET_SECONDS", default=3600)
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", default=12 * 3600)
SESSION_COOKIE_SAMESITE = "Lax"
OTP_TOTP_ISSUER = "Patchbay"
AUDITLOG_USE_BASE_MANAGER = True  # history is also written where no organization is current
AUDITLOG_DISABLE_ON_RAW_SAVE = True  # what `loaddata` loads has its history with it

AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=8)
AXES_COOLOFF_TIME = env.float("LOGIN_COOLOFF_HOURS", default=0.5)
AXES_USERNAME_FORM_FIELD = "username"  # as authenticate() names it, not as the user model does
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_RESET_ON_SUCCESS = True
DNS_RESOLVERS = env.list("DNS_RESOLVERS", default=[])  # host:port; without them the system's
SSO_REQUESTS_A_MINUTE = env.int("SSO_REQUESTS_A_MINUTE", default=600)  # from one address, for one integration
SSO_REFUSALS_A_MINUTE = env.int("SSO_REFUSALS_A_MINUTE", default=60)
PROXY_COUNT = env.int("PROXY_COUNT", default=0)  # how many proxies of ours stand before the application
AXES_CLIENT_IP_CALLABLE = "accounts.addresses.client_address"
AXES_SENSITIVE_PARAMETERS: list[str] = []
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Transport and browser security ---------------------------------------------------------------------------------------

_https = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=_https)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # probes come past the proxy
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if _https else 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("TRUST_FORWARDED_PROTO", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("MAX_BODY_BYTES", default=5_000_000)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# Secrets at rest, outbound calls, work --------------------------------------------------------------------------------

ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])  # id:key, the first encrypts, all decrypt
SANDBOX_URL = env.str("SANDBOX_URL", default="").rstrip("/")
CA_BUNDLE = env.str("CA_BUNDLE", default="")
HTTP_TIMEOUT_SECONDS = env.float("HTTP_TIMEOUT_SECONDS", default=60)
HTTP_MAX_BYTES = env.int("HTTP_MAX_BYTES", default=10_000_000)
LEASE_SECONDS = env.float("LEASE_SECONDS", default=150)  # at least twice HTTP_TIMEOUT_SECONDS
TASK_ENGINE = env.str("TASK_ENGINE", default="local")
BROKER_URL = env.str("BROKER_URL", default="")
BROKER_QUEUE = env.str("BROKER_QUEUE", default="patchbay")
WORKER_THREADS = env.int("WORKER_THREADS", default=4)
CLOCK_SCALE = env.float("CLOCK_SCALE", default=1.0)  # tests only: how much faster than real time the clock runs
CLOCK_EPOCH = env.float("CLOCK_EPOCH", default=0.0)  # tests only: the Unix time at which the faster clock agrees with the real one

# Mail and notices -----------------------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"Patchbay <patchbay@{_public.hostname}>")
NOTICE_HOSTS = frozenset(  # host:port of the own network that notice endpoints may be at, also without TLS
    (place.rpartition(":")[0], int(place.rpartition(":")[2])) for place in env.list("NOTICE_HOSTS", default=[])
)

# Being watched --------------------------------------------------------------------------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
OVERDUE_SECONDS = env.int("OVERDUE_SECONDS", default=900)

# How long what is over is kept; 0: for ever ----------------------------------------------------------------------------

RETAIN_CALLS_DAYS = env.int("RETAIN_CALLS_DAYS", default=30)
RETAIN_DELIVERIES_DAYS = env.int("RETAIN_DELIVERIES_DAYS", default=30)
RETAIN_RUNS_DAYS = env.int("RETAIN_RUNS_DAYS", default=400)
RETAIN_SIGN_INS_DAYS = env.int("RETAIN_SIGN_INS_DAYS", default=400)
RETAIN_HISTORY_DAYS = env.int("RETAIN_HISTORY_DAYS", default=0)

# Words, times, logs ---------------------------------------------------------------------------------------------------

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # what somebody chose; else the browser's language counts
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _https
LANGUAGE_COOKIE_HTTPONLY = True
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = None
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
log_config.configure(level=LOG_LEVEL, as_json=env.bool("LOG_JSON", default=not DEBUG))
