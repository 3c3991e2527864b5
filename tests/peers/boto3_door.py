"""Drives boto3 at the storage door; see boto3.sh."""

import io
import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

with open(sys.argv[2], encoding="utf-8") as file:
    session = json.load(file)
keys = session["s3"]
client = boto3.client(
    "s3",
    endpoint_url=keys["endpoint"],
    aws_access_key_id=keys["access_key_id"],
    aws_secret_access_key=keys["secret_access_key"],
    region_name=keys["region"],
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
)
bucket = keys["scratch"][len("s3://"):].rstrip("/")


def refused(call, **arguments):
    try:
        call(**arguments)
        return "permitted"
    except ClientError as error:
        return [error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]]


big = os.urandom(20 << 20)
client.put_object(Bucket=bucket, Key="a/b c.txt", Body=b"hello")
client.upload_fileobj(io.BytesIO(big), bucket, "big")
back = io.BytesIO()
client.download_fileobj(bucket, "big", back)
answer = {
    "read": client.get_object(Bucket=bucket, Key="a/b c.txt")["Body"].read().decode(),
    "part": client.get_object(Bucket=bucket, Key="a/b c.txt", Range="bytes=1-3")["Body"].read().decode(),
    "size": client.head_object(Bucket=bucket, Key="a/b c.txt")["ContentLength"],
    "big": back.getvalue() == big,
    "v1": [one["Key"] for one in client.list_objects(Bucket=bucket)["Contents"]],
    "v2": [one["Key"] for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1}) for one in page["Contents"]],
    "inputs": [[one["Key"], one["Size"]] for one in client.list_objects_v2(Bucket="visum-inputs")["Contents"]],
    "location": client.get_bucket_location(Bucket=bucket)["LocationConstraint"],
    "create": refused(client.create_bucket, Bucket=bucket),
    "missing": refused(client.head_object, Bucket=bucket, Key="none"),
    "input": refused(client.get_object, Bucket="visum-inputs", Key="a/a-cohort.vcf"),
    "outside": refused(client.get_object, Bucket="somebody-elses", Key="x"),
    "copy": refused(client.copy_object, Bucket=bucket, Key="copy", CopySource={"Bucket": "visum-inputs", "Key": "a/a-cohort.vcf"}),
    "acl": refused(client.put_object, Bucket=bucket, Key="x", Body=b"", ACL="public-read"),
}
client.delete_object(Bucket=bucket, Key="big")
answer["after"] = [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]]
print(json.dumps(answer))
