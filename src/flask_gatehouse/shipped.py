"""The features we ship, services to all first."""

from flask_gatehouse.features.account.feature import FEATURE as ACCOUNT
from flask_gatehouse.features.activity.feature import FEATURE as ACTIVITY
from flask_gatehouse.features.addresses.feature import FEATURE as ADDRESSES
from flask_gatehouse.features.admin.feature import FEATURE as ADMIN
from flask_gatehouse.features.audit.feature import FEATURE as AUDIT
from flask_gatehouse.features.devices.feature import FEATURE as DEVICES
from flask_gatehouse.features.doctor.feature import FEATURE as DOCTOR
from flask_gatehouse.features.idle_accounts.feature import FEATURE as IDLE_ACCOUNTS
from flask_gatehouse.features.invitations.feature import FEATURE as INVITATIONS
from flask_gatehouse.features.leaving.feature import FEATURE as LEAVING
from flask_gatehouse.features.login.feature import FEATURE as LOGIN
from flask_gatehouse.features.login_by_mail.feature import FEATURE as LOGIN_BY_MAIL
from flask_gatehouse.features.logs.feature import FEATURE as LOGS
from flask_gatehouse.features.mail.feature import FEATURE as MAIL
from flask_gatehouse.features.metrics.feature import FEATURE as METRICS
from flask_gatehouse.features.mfa.feature import FEATURE as MFA
from flask_gatehouse.features.names.feature import FEATURE as NAMES
from flask_gatehouse.features.passkeys.feature import FEATURE as PASSKEYS
from flask_gatehouse.features.passwords.feature import FEATURE as PASSWORDS
from flask_gatehouse.features.people.feature import FEATURE as PEOPLE
from flask_gatehouse.features.proofs.feature import FEATURE as PROOFS
from flask_gatehouse.features.record.feature import FEATURE as RECORD
from flask_gatehouse.features.recovery.feature import FEATURE as RECOVERY
from flask_gatehouse.features.recovery_codes.feature import FEATURE as RECOVERY_CODES
from flask_gatehouse.features.registration.feature import FEATURE as REGISTRATION
from flask_gatehouse.features.roles.feature import FEATURE as ROLES
from flask_gatehouse.features.sessions.feature import FEATURE as SESSIONS
from flask_gatehouse.features.setup.feature import FEATURE as SETUP
from flask_gatehouse.features.statistics.feature import FEATURE as STATISTICS
from flask_gatehouse.features.throttling.feature import FEATURE as THROTTLING
from flask_gatehouse.features.totp.feature import FEATURE as TOTP
from flask_gatehouse.features.users.feature import FEATURE as USERS
from flask_gatehouse.features.viewing.feature import FEATURE as VIEWING
from flask_gatehouse.features.webhooks.feature import FEATURE as WEBHOOKS

FEATURES = (
    LOGS,
    AUDIT,
    MAIL,
    THROTTLING,
    USERS,
    PROOFS,
    SESSIONS,
    LOGIN,
    PASSWORDS,
    SETUP,
    RECOVERY,
    LOGIN_BY_MAIL,
    REGISTRATION,
    # After it: whether the address is proven is asked before a second step is.
    MFA,
    PASSKEYS,
    TOTP,
    RECOVERY_CODES,
    LEAVING,
    IDLE_ACCOUNTS,
    ACCOUNT,
    ADDRESSES,
    NAMES,
    DEVICES,
    ACTIVITY,
    PEOPLE,
    INVITATIONS,
    ADMIN,
    ROLES,
    VIEWING,
    RECORD,
    STATISTICS,
    METRICS,
    WEBHOOKS,
    DOCTOR,
)
