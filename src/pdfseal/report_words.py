# ruff: noqa: E501  a table is read best with one row a line
"""The report's words in Chinese and English. Codes and statuses are keys; nothing is decided here."""

from __future__ import annotations

Words = tuple[str, str]  # Chinese, English

VERDICTS: dict[str, Words] = {
    "passed": ("通过", "Passed"),
    "failed": ("未通过", "Failed"),
    "indeterminate": ("无法确定", "Indeterminate"),
    "unsigned": ("没有签章", "Unsigned"),
}
FILE_SENTENCES: dict[str, Words] = {
    "passed": ("文件未被篡改，签章均有效且可信。", "The file is unaltered; every signature is valid and trusted."),
    "failed": ("至少有一个签章无效，请勿依赖此文件。", "At least one signature is not valid: do not rely on this file."),
    "indeterminate": (
        "未发现篡改，但签章人身份或签章时间未能确认。",
        "Nothing wrong was found, but who signed or when could not be established.",
    ),
    "unsigned": ("此文件没有任何电子签章。", "This file carries no electronic signature."),
}  # fmt: skip
SIGNATURE_SENTENCES: dict[str, Words] = {
    "passed": ("签章有效，签章人可信。", "The signature is valid and its signer trusted."),
    "failed": ("签章无效。", "The signature is not valid."),
    "indeterminate": ("签章本身无误，但信任或时间未能确认。", "Nothing wrong was found, but trust or time is not established."),
}  # fmt: skip
KINDS: dict[str, Words] = {
    "cms": ("数字签名 (CMS)", "Digital signature (CMS)"),
    "ses2014": ("电子签章 (GM/T 0031-2014)", "Electronic seal signature (GM/T 0031-2014)"),
    "ses2020": ("电子签章 (GB/T 38540-2020)", "Electronic seal signature (GB/T 38540-2020)"),
    "timestamp": ("文档时间戳 (RFC 3161)", "Document timestamp (RFC 3161)"),
    "unknown": ("未知格式", "Unknown kind"),
}
COVERAGE: dict[str, Words] = {
    "whole_file": ("整个文件", "the whole file"),
    "revision": ("签章时的整个文件，其后有追加内容", "the whole file as it was when signed; more was appended later"),
    "partial": ("仅文件的一部分", "only part of the file"),
    "none": ("无", "nothing"),
}  # fmt: skip
CHANGES: dict[str, Words] = {
    "none": ("签章后没有任何改动", "Nothing was changed after signing"),
    "ltv": ("签章后只追加了长期验证数据", "Only long-term validation data was added after signing"),
    "signatures": ("签章后追加了其他签章", "Further signatures were added after signing"),
    "form_filling": ("签章后填写过表单", "Form fields were filled in after signing"),
    "annotations": ("签章后添加了批注", "Annotations were added after signing"),
    "other": ("签章后内容被改动", "The content was changed after signing"),
}
TRUST: dict[str, Words] = {
    "trusted": ("证书可信", "The certificate is trusted"),
    "untrusted_root": ("根证书不在信任列表中", "The root is not among the trust anchors"),
    "incomplete": ("证书链不完整，缺少上级证书", "The path is incomplete: an issuer is missing"),
    "not_yet_valid": ("证书尚未生效", "The certificate is not valid yet"),
    "expired": ("证书已过期，且签章时间未经时间戳证明", "The certificate has expired, and no timestamp proves when it was used"),
    "revoked": ("证书已被吊销", "The certificate was revoked"),
    "unknown_revocation": ("无法得知证书是否被吊销", "Whether it was revoked could not be found out"),
    "weak_algorithm": ("算法或密钥强度不足", "An algorithm or key is too weak"),
    "invalid": ("证书链无效", "The path is not valid"),
    "not_checked": ("未指定信任锚，未检查证书", "No trust anchors were given: not checked"),
}  # fmt: skip
REVOCATION: dict[str, Words] = {
    "good": ("未被吊销", "not revoked"),
    "revoked": ("已被吊销", "revoked"),
    "revoked_later": ("签章之后才被吊销", "revoked, but only after signing"),
    "unknown": ("吊销状态未知", "revocation not known"),
    "not_checked": ("未检查吊销状态", "revocation not checked"),
}
TIMESTAMP: dict[str, Words] = {
    "trusted": ("时间由可信时间戳证明", "The time is proven by a trusted timestamp"),
    "invalid": ("时间戳无效", "The timestamp is wrong"),
    "not_checked": ("未检查时间戳的签发者", "Whose timestamp this is was not checked"),
}
TIMESTAMP_OTHER: Words = ("时间戳不可信", "The timestamp is not trusted")
TIME_CLAIMED: Words = (
    "时间由签章人自行声明，无时间戳证明",
    "The time is the signer's claim; no timestamp proves it",
)
TIME_COVERED: Words = ("时间由其后的文档时间戳证明", "The time is proven by a later document timestamp")
TIME_ABSENT: Words = ("没有签章时间", "No signing time is stated")
INTEGRITY_GOOD: Words = ("所签内容未被改动", "The signed content is unaltered")
INTEGRITY_BAD: Words = (
    "所签内容已被改动或签名值有误",
    "The signed content was altered, or the signature value is wrong",
)
INTEGRITY_OPEN: Words = ("完整性无法判断", "Integrity could not be judged")
SEVERITIES: dict[str, Words] = {
    "error": ("错误", "Error"),
    "warning": ("警告", "Warning"),
    "info": ("信息", "Note"),
}

ADVICE_ROOT: Words = (
    "如果您认可该根证书的颁发机构，请从该机构的官方渠道获取根证书，核对其指纹，再用 --trust 指定后重新验证。"
    "切勿直接信任文件自带的根证书。",
    "If you trust the authority, get its root certificate from the authority itself, compare the fingerprint, "
    "and verify again with --trust. Never trust a root only because it came inside the file.",
)
ADVICE_CHAIN: Words = (
    "请向签章人或颁发机构索取缺少的中间证书，用 --untrusted 提供，或用 --fetch 联网获取。",
    "Ask the signer or the authority for the missing intermediate certificate and hand it in with --untrusted, "
    "or let --fetch get it.",
)
ADVICE_NOT_CHECKED: Words = (
    "请用 --trust 指定您信任的根证书，才能确认签章人的身份。",
    "Name the roots that you trust with --trust: without them nobody knows whose certificate this is.",
)
ADVICE_REVOCATION: Words = (
    "请用 --crl、--ocsp 提供吊销数据，或用 --fetch 联网查询。",
    "Hand in revocation data with --crl or --ocsp, or let --fetch ask for it.",
)
ADVICE_EXPIRED: Words = (
    "如能证明签章时间（时间戳），可在证书有效期内的时间点验证；今后请为文件做长期保存处理 (pdfseal extend)。",
    "A timestamp would prove that it was used in time. Extend files while their certificates are valid "
    "(pdfseal extend).",
)
ADVICE: dict[str, Words] = {
    "untrusted_root": ADVICE_ROOT,
    "incomplete": ADVICE_CHAIN,
    "not_checked": ADVICE_NOT_CHECKED,
    "unknown_revocation": ADVICE_REVOCATION,
    "expired": ADVICE_EXPIRED,
}
# Findings by the beginning of their code; English is the finding's own message.
FINDINGS: tuple[tuple[str, str], ...] = (
    ("digest_mismatch", "所签内容的摘要不符：内容已被改动"),
    ("signature_invalid", "签名值错误"),
    ("byte_range", "签名覆盖范围 (ByteRange) 有误"),
    ("gap_mismatch", "签名覆盖范围与签名内容的位置不符"),
    ("partial_coverage", "签名未覆盖整个文件或某一完整版本"),
    ("not_in_form", "签名不在表单中"),
    ("several_fields", "同一签名被多个表单域引用"),
    ("certification_not_first", "认证签名不是文档的第一个签名"),
    ("empty", "签名域已准备但尚未签名"),
    ("container_unreadable", "签名数据无法读取"),
    ("timestamp_false", "自称时间戳，实为普通签名"),
    ("weak_algorithm", "使用了强度不足的算法"),
    ("trust_not_checked", "未指定信任锚"),
    ("trust.revoked_later", "证书在签章之后被吊销"),
    ("trust.revoked_no_proof", "证书已被吊销，且无时间戳证明签章在先"),
    ("trust.revocation_unknown", "吊销状态未知"),
    ("trust.fetch_failed", "联网获取失败"),
    ("trust.", "签章人证书不可信"),
    ("signed_outside_validity", "声明的签章时间不在证书有效期内"),
    ("signing_time_contradicted", "声明的签章时间晚于时间戳证明的时间"),
    ("timestamp", "时间戳"),
    ("changes.docmdp", "超出文件认证允许的改动"),
    ("changes.fieldmdp", "被签名锁定的表单域在签章后被改动"),
    ("changes.", "签章后的改动"),
    ("seal.", "电子印章"),
    ("leniency.", "数据格式不完全符合标准，已按惯例接受"),
    ("security_store", "长期验证数据"),
    ("boxes_unreadable", "签章位置无法读取"),
)
