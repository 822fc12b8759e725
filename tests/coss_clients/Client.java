// A client of the COSS interface, written from the manual alone: JDK classes, HMAC of 2.5.3.
// java Client.java BASE APP_ID SECRET USER_ID SEAL_TYPE PDF KEY_PEM OUT STYLE APP_NAME
// STYLE compact signs nested values as JSON, map as java.util.Map prints itself.
import java.net.URI;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Client {
    static String base, secret, style;

    public static void main(String[] args) throws Exception {
        base = args[0];
        secret = args[2];
        style = args[8];
        Map<String, Object> common = new LinkedHashMap<>();
        common.put("appId", args[1]);
        common.put("version", "2.0.7");
        common.put("signAlgo", "HMACSHA256");
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("signType", "个人签章");
        info.put("signProvince", "北京");
        info.put("signName", "张浩");
        Map<String, Object> place = new LinkedHashMap<>();
        place.put("top", 300);
        place.put("right", 600);
        place.put("bottom", 200);
        place.put("left", 350);
        place.put("pageNo", 1);
        Map<String, Object> first = new LinkedHashMap<>(common);
        first.put("userId", args[3]);
        first.put("signSealType", args[4]);
        first.put("pdfFileStr", Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(args[5]))));
        first.put("configureSealInfo", info);
        first.put("coordOfRuleInfo", place);
        first.put("signWidth", 150.0f);
        first.put("signHeight", 120.0f);
        first.put("opacityOfEffect", 40);
        first.put("coverTextOfEffect", false);
        first.put("appName", args[9]);
        String prepared = post("getPdfHash", first);
        String toBeSigned = text(prepared, "hashSetBytes");
        Map<String, Object> second = new LinkedHashMap<>(common);
        second.put("userId", args[3]);
        second.put("signSealType", args[4]);
        second.put("signValue", sign(args[6], args[4], Base64.getDecoder().decode(toBeSigned)));
        second.put("pdfBytesStr", text(prepared, "pdfBytes"));
        second.put("hashSetBytesStr", toBeSigned);
        String sealed = text(post("composePdfSeal", second), "data");
        Files.write(Path.of(args[7]), Base64.getDecoder().decode(sealed));
        Map<String, Object> third = new LinkedHashMap<>(common);
        third.put("pdfFileStr", sealed);
        third.put("signSealType", args[4]);
        System.out.println(post("verifyPdfSeal", third));
    }

    // RSA and ECDSA by the JDK; SM2 by the command that SM2_SIGNER names (the JDK has no SM2).
    static String sign(String key, String type, byte[] data) throws Exception {
        if (type.endsWith("SM2")) {
            Process process = new ProcessBuilder(System.getenv("SM2_SIGNER").split(" ")).start();
            process.getOutputStream().write(data);
            process.getOutputStream().close();
            return Base64.getEncoder().encodeToString(process.getInputStream().readAllBytes());
        }
        String pem = Files.readString(Path.of(key)).replaceAll("\\s", "")
            .replaceAll(".*BEGINPRIVATEKEY-----(.*)-----END.*", "$1");
        boolean rsa = type.endsWith("RSA");
        PrivateKey privateKey = KeyFactory.getInstance(rsa ? "RSA" : "EC")
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
        Signature signature = Signature.getInstance(rsa ? "SHA256withRSA" : "SHA256withECDSA");
        signature.initSign(privateKey);
        signature.update(data);
        return Base64.getEncoder().encodeToString(signature.sign());
    }

    static String post(String name, Map<String, Object> body) throws Exception {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Object> entry : new TreeMap<>(body).entrySet()) {
            Object value = entry.getValue();
            boolean nested = value instanceof Map && style.equals("compact");
            text.append(entry.getKey()).append('=').append(nested ? json(value) : value).append('&');
        }
        text.setLength(text.length() - 1);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(), "HmacSHA256"));
        byte[] digest = mac.doFinal(text.toString().getBytes(StandardCharsets.UTF_8));
        body.put("signature", Base64.getEncoder().encodeToString(digest));
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + name))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json(body))).build();
        String answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
        if (!answer.contains("\"status\":200")) throw new IllegalStateException(name + ": " + answer);
        return answer;
    }

    static String json(Object value) {
        if (value instanceof Map) {
            StringJoiner members = new StringJoiner(",", "{", "}");
            ((Map<?, ?>) value).forEach((key, item) -> members.add("\"" + key + "\":" + json(item)));
            return members.toString();
        }
        return value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
    }

    // No JSON parser in the JDK: the first string under that name.
    static String text(String answer, String name) {
        int start = answer.indexOf("\"" + name + "\":\"") + name.length() + 4;
        return answer.substring(start, answer.indexOf('"', start));
    }
}
