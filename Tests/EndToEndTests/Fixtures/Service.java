// Leaks COUNT connections to PORT: connects and never closes. Usage: Service PORT COUNT
import java.net.Socket;
import java.util.ArrayList;

public class Service {
  public static void main(String[] words) throws Exception {
    var held = new ArrayList<Socket>();
    for (int i = 0; i < Integer.parseInt(words[1]); i++) {
      held.add(new Socket("127.0.0.1", Integer.parseInt(words[0])));
    }
    Thread.sleep(120_000);
    System.exit(held.size());
  }
}
