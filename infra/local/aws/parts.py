"""The parts of AWS on this machine, in the order in which they are launched."""

from __future__ import annotations

from infra.local.aws import athena, comprehend, dynamodb, moto, s3, trino
from infra.local.aws.part import Part

# What a night needs: ready in seconds.
NIGHT: tuple[Part, ...] = (s3.PART, dynamodb.PART, moto.PART, comprehend.PART)
# All of them: with what answers Athena's queries, each launched after those whose endpoints it reads.
PARTS: tuple[Part, ...] = (*NIGHT, trino.PART, athena.PART)
