#!/usr/bin/env bash
# Installs all peers, so that the tests that follow start at once: install.sh
. "$(dirname "$0")/lib.sh"
for peer in boto3 s3-moto snakemake py-tes wes-service wes-client wes-sapporo wes-toil toil-tes drs-galaxy oidc-provider openid-client apache-openidc authlib schemathesis pages; do "$HERE/$peer.sh" install >/dev/null; echo "$peer is there"; done
