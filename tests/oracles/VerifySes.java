// Verifies electronic seal signatures (SES_Signature) with BouncyCastle, without a line of pdfseal.
//
//     java -cp bcprov.jar tests/oracles/VerifySes.java FILE...
//
// For each file one line: name, layout, whether the signature over TBS_Sign is good, whether the
// maker's signature on the seal is good, esID, propertyInfo, and dataHash in hex.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.crypto.Signer;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SM3Digest;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.signers.DSADigestSigner;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.RSADigestSigner;
import org.bouncycastle.crypto.signers.SM2Signer;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.util.encoders.Hex;

public class VerifySes {
    static boolean verify(ASN1Encodable cert, ASN1Encodable oid, ASN1Encodable value, byte[] message)
            throws IOException {
        byte[] der = ASN1OctetString.getInstance(cert).getOctets();
        AsymmetricKeyParameter key =
            PublicKeyFactory.createKey(Certificate.getInstance(der).getSubjectPublicKeyInfo());
        Signer signer;
        switch (ASN1ObjectIdentifier.getInstance(oid).getId()) {
            case "1.2.156.10197.1.501": signer = new SM2Signer(new SM3Digest()); break;
            case "1.2.840.113549.1.1.11": signer = new RSADigestSigner(new SHA256Digest()); break;
            case "1.2.840.10045.4.3.2":
                signer = new DSADigestSigner(new ECDSASigner(), new SHA256Digest()); break;
            default: throw new IOException("unknown algorithm");
        }
        signer.init(false, key);
        signer.update(message, 0, message.length);
        return signer.verifySignature(ASN1BitString.getInstance(value).getOctets());
    }

    static boolean verifySeal(ASN1Sequence seal) throws IOException {
        ASN1Encodable info = seal.getObjectAt(0);
        if (seal.size() == 2) {
            ASN1Sequence sign = ASN1Sequence.getInstance(seal.getObjectAt(1));
            ASN1Encodable[] signed = {info, sign.getObjectAt(0), sign.getObjectAt(1)};
            byte[] message = new DERSequence(signed).getEncoded(ASN1Encoding.DER);
            return verify(sign.getObjectAt(0), sign.getObjectAt(1), sign.getObjectAt(2), message);
        }
        byte[] message = info.toASN1Primitive().getEncoded(ASN1Encoding.DER);
        return verify(seal.getObjectAt(1), seal.getObjectAt(2), seal.getObjectAt(3), message);
    }

    public static void main(String[] files) throws IOException {
        for (String file : files) {
            Path path = Path.of(file);
            ASN1Sequence signature = ASN1Sequence.getInstance(Files.readAllBytes(path));
            ASN1Sequence tbs = ASN1Sequence.getInstance(signature.getObjectAt(0));
            ASN1Sequence seal = ASN1Sequence.getInstance(tbs.getObjectAt(1));
            byte[] message = tbs.getEncoded(ASN1Encoding.DER);
            boolean is2014 = signature.size() == 2;
            boolean good = is2014
                ? verify(tbs.getObjectAt(5), tbs.getObjectAt(6), signature.getObjectAt(1), message)
                : verify(signature.getObjectAt(1), signature.getObjectAt(2), signature.getObjectAt(3), message);
            ASN1Sequence info = ASN1Sequence.getInstance(seal.getObjectAt(0));
            System.out.println(String.join(" ",
                path.getFileName().toString(),
                is2014 ? "ses2014" : "ses2020",
                String.valueOf(good),
                String.valueOf(verifySeal(seal)),
                ASN1IA5String.getInstance(info.getObjectAt(1)).getString(),
                ASN1IA5String.getInstance(tbs.getObjectAt(4)).getString(),
                Hex.toHexString(ASN1BitString.getInstance(tbs.getObjectAt(3)).getOctets())));
        }
    }
}
