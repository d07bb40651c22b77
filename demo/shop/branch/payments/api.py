"""The HTTP interface of the payments service."""

from logging import getLogger

from payments import gateway, ledger
from payments.web import app, current_user, request

log = getLogger(__name__)


@app.post("/charges")
def charge():
    order = ledger.order(request.json["order"])
    return gateway.charge(order, by=current_user())


@app.post("/refunds")
def refund():
    order = ledger.order(request.json["order"])
    log.info("refund requested: %s", request.json)
    return gateway.refund(order, by=current_user())
