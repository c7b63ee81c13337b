package io.haredge.standins;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** Strings and colours of the app's res folder, for the light and the dark theme. */
public final class ResourceFiles {
    private static final Map<String, Map<String, String>> READ = new HashMap<>();

    private ResourceFiles() {}

    public static String string(int id) {
        return value("values", "string", id).replace("\\'", "'").replace("\\n", "\n");
    }

    public static int colour(int id, boolean night) {
        String name = name("color", id);
        String value = table("values-night", "color").get(name);
        if (!night || value == null) {
            value = value("values", "color", id);
        }
        return (int) Long.parseLong(value.substring(1), 16);
    }

    private static String value(String folder, String kind, int id) {
        String value = table(folder, kind).get(name(kind, id));
        if (value == null) {
            throw new IllegalArgumentException("no " + kind + " " + id);
        }
        return value;
    }

    private static Map<String, String> table(String folder, String kind) {
        return READ.computeIfAbsent(folder + "/" + kind, key -> read(folder, kind));
    }

    private static Map<String, String> read(String folder, String kind) {
        File file = new File(new File(System.getProperty("haredge.res"), folder), kind + "s.xml");
        Map<String, String> table = new HashMap<>();
        try {
            Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file);
            NodeList entries = document.getElementsByTagName(kind);
            for (int index = 0; index < entries.getLength(); index++) {
                table.put(((Element) entries.item(index)).getAttribute("name"), entries.item(index).getTextContent());
            }
        } catch (IOException | SAXException | ParserConfigurationException error) {
            throw new AssertionError(error);
        }
        return table;
    }

    private static String name(String kind, int id) {
        try {
            for (Field field : Class.forName("io.haredge.demo.R$" + kind).getFields()) {
                if (field.getInt(null) == id) {
                    return field.getName();
                }
            }
        } catch (ReflectiveOperationException error) {
            throw new AssertionError(error);
        }
        throw new IllegalArgumentException("no " + kind + " " + id);
    }
}
